/** A series in time, and the same of the span before as a dashed line. uPlot draws it. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { palette } from "../theme";

export interface Point {
  time: string;
  value: number | null;
  previous?: number | null;
  partial?: boolean;
}

interface ChartProps {
  points: Point[];
  /** Names of the lines: this span, the one before. */
  names: [string, string];
  show: (value: number | null | undefined) => string;
  /** Name of an interval: short on the axis, long in the tip. */
  when: (time: string, long: boolean) => string;
  label: string;
  height?: number;
}

export function Chart(props: ChartProps) {
  const at = useRef<HTMLDivElement>(null);
  const { points, label, height = 260 } = props;
  const colours = palette.value;

  useEffect(() => {
    const element = at.current;
    if (!element || !points.length) return;
    const plot = new uPlot(options(element, props, height), data(points), element);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [points, colours, height]);

  return (
    <figure>
      <div class="chart" ref={at} style={{ height: `${height}px` }} aria-hidden="true" />
      <div class="sr">
        <table>
          <caption>{label}</caption>
          <tbody>
            {points.map((point) => (
              <tr key={point.time}>
                <th scope="row">{props.when(point.time, true)}</th>
                <td>{props.show(point.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** Places instead of times as x: intervals stand evenly, also where the clocks are turned. The last, partial piece is dotted. */
function data(points: Point[]): uPlot.AlignedData {
  const last = points.length - 1;
  const partial = points[last]?.partial === true && last > 0;
  return [
    points.map((_, place) => place),
    points.map((point, place) => (partial && place === last ? null : point.value)),
    points.map((point, place) => (partial && place >= last - 1 ? point.value : null)),
    points.map((point) => point.previous ?? null),
  ];
}

function options(element: HTMLElement, props: ChartProps, height: number): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => resolved(element, style.getPropertyValue(name));
  const [accent, soft, line, second] = [colour("--accent"), colour("--ink-soft"), colour("--line"), colour("--ink-soft")];
  const font = "12px system-ui, sans-serif";
  const { points, when, show } = props;
  return {
    width: element.clientWidth,
    height,
    padding: [10, 28, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      {
        stroke: soft, font, size: 30, gap: 8, grid: { show: false }, ticks: { show: false }, space: 64,
        incrs: [1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 30, 48, 60, 90, 120, 180, 365],
        values: (_, places) => places.map((place) => (points[place] ? when(points[place].time, false) : "")),
      },
      { stroke: soft, font, size: 56, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 44, values: (_, values) => values.map(show) },
    ],
    series: [
      {},
      { stroke: accent, width: 2, fill: fade(accent), points: { show: points.length < 2 } },
      { stroke: accent, width: 2, dash: [2, 4], points: { show: false } },
      { stroke: second, width: 1.5, dash: [6, 5], points: { show: false } },
    ],
    plugins: [tip(props)],
  };
}

function fade(colour: string): uPlot.Series.Fill {
  return (plot) => {
    const { top, height } = plot.bbox;
    if (!Number.isFinite(top + height)) return "transparent"; // asked once before there is a size
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, colour.replace("rgb(", "rgba(").replace(")", ", 0.20)"));
    gradient.addColorStop(1, colour.replace("rgb(", "rgba(").replace(")", ", 0.01)"));
    return gradient;
  };
}

/** `light-dark(...)` as the one colour that it is here: a canvas knows neither. */
function resolved(element: HTMLElement, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** What stands under the pointer. */
function tip({ points, names, show, when }: ChartProps): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "tip";
  box.hidden = true;
  const row = (name: string, value: string) => {
    const line = document.createElement("div");
    const [left, right] = [document.createElement("span"), document.createElement("b")];
    left.textContent = name;
    right.textContent = value;
    line.append(left, right);
    return line;
  };
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const place = plot.cursor.idx;
        const point = place == null ? undefined : points[place];
        box.hidden = !point || (plot.cursor.left ?? -1) < 0;
        if (!point || box.hidden) return;
        const title = document.createElement("b");
        title.textContent = when(point.time, true);
        const lines = [row(names[0], show(point.value))];
        if (point.previous != null) lines.push(row(names[1], show(point.previous)));
        box.replaceChildren(title, ...lines);
        const left = plot.cursor.left ?? 0;
        box.style.left = left > plot.over.clientWidth / 2 ? `${left - box.offsetWidth - 12}px` : `${left + 12}px`;
        box.style.top = "8px";
      },
    },
  };
}
