// Shows what the Pixel's base code was told so far; TikTok's library would take it from there.
for (const call of window.ttq || []) {
  const line = document.createElement("li");
  const [method, ...given] = call;
  line.dataset.call = JSON.stringify(call);
  line.textContent = `ttq.${method}(${given.map((part) => JSON.stringify(part)).join(", ")})`;
  document.getElementById("pixel-calls").append(line);
}
