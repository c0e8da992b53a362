import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type Panel, panelsOf } from './panels.ts';
import type { ClockPicture } from './picture.ts';

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
]);

const WIDTH = 1000;
const HEAD = 84;
const PANEL = 250;
const FONT = 'DejaVu Sans, Liberation Sans, Arial, sans-serif';
const LEGEND_SIZE = 11;

/** A guest's clock as one SVG picture, a panel below the other. */
export function clockSvg(picture: ClockPicture): string {
  const panels = panelsOf(picture);
  const height = HEAD + PANEL * panels.length + 16;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption(optionsOf(picture, panels));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function optionsOf({ title, words }: ClockPicture, panels: readonly Panel[]): EChartsCoreOption {
  const top = (i: number): number => HEAD + PANEL * i;
  const name = { nameLocation: 'middle', nameTextStyle: { color: '#444' } };
  return {
    animation: false,
    backgroundColor: '#fff',
    textStyle: { fontFamily: FONT },
    title: [
      {
        text: title,
        subtext: wrapped(words).join('\n'),
        left: 16,
        top: 8,
        textStyle: { fontSize: 16 },
        subtextStyle: { lineHeight: 17 },
      },
      ...panels.map((panel, i) => ({ text: panel.title, left: 70, top: top(i), textStyle: { fontSize: 13 } })),
    ],
    legend: panels.map((panel, i) => ({
      ...{ data: panel.legend, right: 36, itemGap: 28, top: top(i) + 2, itemHeight: 8, itemWidth: 16 },
      textStyle: { fontSize: LEGEND_SIZE },
    })),
    grid: panels.map((_, i) => ({ left: 84, right: 24, top: top(i) + 30, height: PANEL - 84 })),
    xAxis: panels.map(({ xName, xType, categories, min, max }, gridIndex) => ({
      ...{ gridIndex, type: xType, name: xName, nameGap: 26, ...name, axisLine: { onZero: false } },
      ...(categories ? { data: categories } : { min, max, axisLabel: { showMinLabel: false, showMaxLabel: false } }),
    })),
    yAxis: panels.map(({ yName, flatRange }, gridIndex) => ({
      ...(flatRange ? { min: -flatRange, max: flatRange } : {}),
      ...{
        gridIndex,
        type: 'value',
        name: yName,
        nameGap: 62,
        scale: true,
        ...name,
        axisLine: { show: true, onZero: false },
      },
    })),
    series: panels.flatMap(({ series }, i) => series.map((one) => ({ ...one, xAxisIndex: i, yAxisIndex: i }))),
  };
}

/** Lines of a text that fit below the title. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] as string;
    if (last.length + word.length > 130) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.slice(0, 3);
}
