// Stands in for the base code of TikTok's Pixel: it shows each call instead of sending it.
window.ttq = {
  track(...call) {
    const line = document.createElement("li");
    line.dataset.call = JSON.stringify(call);
    line.textContent = `ttq.track(${call.map((part) => JSON.stringify(part)).join(", ")})`;
    document.getElementById("pixel-calls").append(line);
  },
};
