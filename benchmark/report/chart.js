'use strict';

const echarts = require('echarts');

const WIDTH = 820;
const FONT = 'Arial, Helvetica, sans-serif';
const COLORS = ['#0b7285', '#f08c00', '#868e96', '#c92a2a', '#e8590c', '#5f3dc4'];

/** Returns a chart as SVG, drawn without a browser; the same input gives the same bytes. */
function svgOf({ title, height, legend, xAxis, yAxis, series }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    color: COLORS,
    textStyle: { fontFamily: FONT },
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 15, fontFamily: FONT } },
    // Each renderer has other fonts: there is room for a wider one.
    legend: legend && { top: 36, left: 12, right: 12, itemGap: 30 },
    grid: {
      left: 16,
      right: 60,
      top: series.length > 4 ? 118 : 74,
      bottom: 12,
      containLabel: true,
    },
    xAxis,
    yAxis,
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${renamed(svg)}\n`;
}

/** The names inside of charts go on from one chart to the next; here each begins anew. */
function renamed(svg) {
  const names = new Map();
  return svg.replace(/\bzr\d+-[\w-]+/g, (name) => {
    if (!names.has(name)) names.set(name, `zr-${names.size}`);
    return names.get(name);
  });
}

module.exports = { svgOf };
