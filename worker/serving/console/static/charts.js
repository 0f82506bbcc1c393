// The figures of the table, drawn by uPlot. The table stays: it is what is drawn, in words.
"use strict";
(() => {
  const charts = document.querySelector("#charts");
  const { zone, step } = charts.dataset;
  const rows = new Map(
    [...document.querySelectorAll("#figures tr[data-at]")].map((row) => [Number(row.dataset.at), row.dataset]),
  );
  const known = [...rows.keys()];
  const first = Math.min(...known);
  const last = Math.max(...known);
  if (first === last) return; // one point is no line
  const times = Array.from({ length: (last - first) / step + 1 }, (_, at) => first + at * step);

  // A canvas knows no light-dark(): the colour of an element of that class is asked for.
  const CLASSES = { accepted: "soft", delivered: "ok", dead: "bad", slow: "link" };
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = (name) => {
    probe.className = CLASSES[name] ?? name;
    return getComputedStyle(probe).color;
  };
  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
  const compact = new Intl.NumberFormat("en", { notation: "compact" });
  const format = (how) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...how });
  const day = format({ day: "numeric", month: "short" });
  const hour = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const when = (at) => (step === "86400" ? day.format(at * 1000) : `${day.format(at * 1000)}, ${hour.format(at * 1000)}`);
  const tick = (at) => (hour.format(at * 1000) === "00:00" ? day : hour).format(at * 1000);

  // An hour without a row had no events; how fast they went, nobody knows.
  const value = (at, name) => {
    const found = rows.get(at)?.[name];
    return found === undefined ? (name === "slow" ? null : 0) : Number(found);
  };
  const axis = { stroke: () => colour("soft"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false } };
  const series = (name) => ({
    label: name === "slow" ? "seconds" : name,
    stroke: () => colour(name),
    width: 1.5,
    points: { size: 4 },
    value: (_, one) => (one === null ? "" : number.format(one)),
  });
  const width = (box) => box.clientWidth - 16;

  function draw(box) {
    const names = box.dataset.series.split(" ");
    const plot = new uPlot(
      {
        width: width(box),
        height: 200,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
        cursor: { sync: { key: "figures" }, drag: { x: false, y: false } },
        scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.1 : 1] } },
        axes: [{ ...axis, space: 60, size: 30, values: (_, all) => all.map(tick) }, { ...axis, size: 48, values: (_, all) => all.map((one) => compact.format(one)) }],
        series: [{ label: "from", value: (_, at) => (at === null ? "" : when(at)) }, ...names.map(series)],
      },
      [times, ...names.map((name) => times.map((at) => value(at, name)))],
      box,
    );
    let place = times.length;
    box.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      place = Math.min(Math.max(place + by, 0), times.length - 1);
      plot.setCursor({ left: plot.valToPos(times[place], "x"), top: 0 });
    });
    return plot;
  }

  charts.hidden = false;
  const boxes = [...charts.querySelectorAll(".chart")];
  const plots = boxes.map(draw);
  const fit = () => boxes.forEach((box, at) => plots[at].setSize({ width: width(box), height: 200 }));
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach((one) => one.redraw(false)));
})();
