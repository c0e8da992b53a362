/*
 * Colours of pixels: 32-bit words as an ImageData has them (little end first: alpha, blue, green, red). Made in OKLCH,
 * so that all hues look equally bright, and text on them is legible in both themes.
 */
import { VCPU_STATE } from '../../../src/tracks/types.ts';

export interface Palette {
  readonly dark: boolean;
  /** The same as `css.background`. */
  readonly background: number;
  /** A CPU that has nothing to do; what is not known; what is not read yet. */
  readonly idle: number;
  readonly unknown: number;
  readonly hatch: number;
  /** Density of events. */
  readonly density: number;
  /** By key, wrapped around. */
  readonly tasks: Uint32Array;
  /** By VCPU_STATE. */
  readonly states: Uint32Array;
  readonly interrupts: Uint32Array;
  /** For strokes and text. */
  readonly css: {
    readonly text: string;
    readonly faint: string;
    readonly line: string;
    readonly background: string;
    readonly onSlice: string;
    readonly accent: string;
    readonly match: string;
    readonly mark: string;
    readonly bad: string;
    readonly range: string;
  };
}

const HUES = 48;

export const LIGHT = palette(false);
export const DARK = palette(true);

function palette(dark: boolean): Palette {
  const slice = (hue: number, chroma = dark ? 0.085 : 0.09, light = dark ? 0.46 : 0.82) => oklch(light, chroma, hue);
  const states = new Uint32Array(8);
  states[VCPU_STATE.unknown] = dark ? oklch(0.3, 0.004, 260) : oklch(0.93, 0.004, 260);
  states[VCPU_STATE.inGuest] = slice(160, dark ? 0.09 : 0.1);
  states[VCPU_STATE.inHypervisor] = slice(90, dark ? 0.1 : 0.14, dark ? 0.58 : 0.86);
  states[VCPU_STATE.preempted] = dark ? oklch(0.55, 0.19, 25) : oklch(0.7, 0.19, 25);
  states[VCPU_STATE.waking] = dark ? oklch(0.6, 0.16, 55) : oklch(0.78, 0.16, 60);
  states[VCPU_STATE.blocked] = slice(300, dark ? 0.1 : 0.11, dark ? 0.5 : 0.78);
  states[VCPU_STATE.halted] = dark ? oklch(0.28, 0.012, 260) : oklch(0.94, 0.008, 260);
  return {
    dark,
    background: dark ? 0xff1d1917 : 0xffffffff,
    idle: dark ? oklch(0.25, 0.01, 260) : oklch(0.955, 0.006, 260),
    unknown: dark ? oklch(0.3, 0.004, 260) : oklch(0.9, 0.004, 260),
    hatch: dark ? oklch(0.72, 0.19, 25) : oklch(0.55, 0.2, 25),
    density: dark ? oklch(0.62, 0.05, 250) : oklch(0.6, 0.06, 250),
    tasks: Uint32Array.from({ length: HUES }, (_, key) =>
      slice((key * 137.508) % 360, undefined, (dark ? 0.43 : 0.79) + (key % 3) * 0.03),
    ),
    states,
    interrupts: Uint32Array.from({ length: HUES }, (_, key) =>
      oklch(dark ? 0.68 : 0.58, 0.15, (20 + key * 137.508) % 360),
    ),
    css: dark
      ? {
          text: '#e4e6eb',
          faint: '#9aa1ad',
          line: '#31353d',
          background: '#17191d',
          onSlice: '#f3f4f6',
          accent: '#7fb0ff',
          match: '#ffd34d',
          mark: '#4dd0c4',
          bad: '#ff6b66',
          range: 'rgba(127,176,255,0.16)',
        }
      : {
          text: '#1b1e24',
          faint: '#5c6470',
          line: '#e1e4e9',
          background: '#ffffff',
          onSlice: '#14171c',
          accent: '#1a5fd0',
          match: '#b06f00',
          mark: '#00786c',
          bad: '#c1121f',
          range: 'rgba(26,95,208,0.12)',
        },
  };
}

/** Spreads numbers that are close to each other, such as pids, over a palette. */
export function colourOf(colours: Uint32Array, key: number): number {
  return colours[((Math.imul(key, 0x9e3779b1) >>> 16) & 0xffff) % HUES]!;
}

/** `share` of a colour (0 to 1) on another one. */
export function mixed(colour: number, on: number, share: number): number {
  const part = (share * 256) | 0;
  const rest = 256 - part;
  const outer = ((colour & 0xff00ff) * part + (on & 0xff00ff) * rest) >>> 8;
  const middle = (((colour >>> 8) & 0xff) * part + ((on >>> 8) & 0xff) * rest) >>> 8;
  return (0xff000000 | (outer & 0xff00ff) | (middle << 8)) >>> 0;
}

export function cssOf(colour: number): string {
  const hex = (value: number) => (value & 0xff).toString(16).padStart(2, '0');
  return `#${hex(colour)}${hex(colour >>> 8)}${hex(colour >>> 16)}`;
}

/** Lightness 0 to 1, chroma, hue in degrees; what no screen shows is clipped. */
function oklch(lightness: number, chroma: number, hue: number): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function channel(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, value)) * 255);
}
