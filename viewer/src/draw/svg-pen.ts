import type { Pen } from './pen.ts';

/** Makes elements of an SVG of what is drawn, in CSS pixels. Text is escaped. */
export class SvgPen implements Pen {
  fillStyle: Pen['fillStyle'] = '#000';
  strokeStyle: Pen['strokeStyle'] = '#000';
  lineWidth = 1;
  font = '';
  textBaseline: Pen['textBaseline'] = 'middle';
  readonly elements: string[] = [];
  readonly #measure: (text: string) => TextMetrics;
  #path = '';
  #box: readonly [number, number, number, number] | undefined;
  #origin: readonly [number, number] = [0, 0];

  /** `measure`: as a canvas does. */
  constructor(measure: (text: string) => TextMetrics) {
    this.#measure = measure;
  }

  /** What is drawn from now on is moved. */
  moveOrigin(x: number, y: number): void {
    this.#origin = [x, y];
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.elements.push(`<rect ${this.#at(x, y)} ${size(width, height)} fill="${this.fillStyle}"/>`);
  }

  clearRect(): void {}
  setTransform(): void {}

  fillText(text: string, x: number, y: number): void {
    this.elements.push(
      `<text ${this.#at(x, y)} fill="${this.fillStyle}" dominant-baseline="central">${escapeText(text)}</text>`,
    );
  }

  measureText(text: string): TextMetrics {
    return this.#measure(text);
  }

  beginPath(): void {
    this.#path = '';
    this.#box = undefined;
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${number(x + this.#origin[0])} ${number(y + this.#origin[1])}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `L${number(x + this.#origin[0])} ${number(y + this.#origin[1])}`;
  }

  stroke(): void {
    this.elements.push(
      `<path d="${this.#path}" fill="none" stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}"/>`,
    );
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.elements.push(
      `<rect ${this.#at(x, y)} ${size(width, height)} fill="none" stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}"/>`,
    );
  }

  roundRect(x: number, y: number, width: number, height: number): void {
    this.#box = [x, y, width, height];
  }

  fill(): void {
    if (this.#box === undefined) return;
    const [x, y, width, height] = this.#box;
    this.elements.push(`<rect ${this.#at(x, y)} ${size(width, height)} rx="3" fill="${this.fillStyle}"/>`);
  }

  #at(x: number, y: number): string {
    return `x="${number(x + this.#origin[0])}" y="${number(y + this.#origin[1])}"`;
  }
}

function size(width: number, height: number): string {
  return `width="${number(Math.max(0, width))}" height="${number(Math.max(0, height))}"`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Without what XML can't have at all. */
export function escapeText(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (letter) => ENTITIES[letter]!);
}
