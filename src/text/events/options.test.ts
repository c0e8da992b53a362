import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { missing } from '../../../test/support/capabilities.ts';
import { listPluginOptions, PluginOptions } from './options.ts';

describe('the listing', () => {
  test('is that of trace-cmd 3.1', (context) => {
    const unable = missing('trace-cmd 3.1');
    context.skip(unable !== undefined, unable);
    const listing = execFileSync('trace-cmd', ['list', '-O'], { encoding: 'latin1', stdio: 'pipe' });
    expect(listPluginOptions('3.1')).toBe(listing);
  });

  test('3.4 has three more, at the end', () => {
    const older = listPluginOptions('3.1');
    const newer = listPluginOptions('3.4');
    expect(newer.startsWith(older)).toBe(true);
    expect(newer.slice(older.length).match(/(?<=option:\t).*/g)).toEqual(['retval-skip', 'retval-dec', 'retval-hex']);
  });
});

describe('switches', () => {
  const parent = (requests: string[], files?: number) => new PluginOptions(requests, files).isSet('parent');
  const indent = (requests: string[], files?: number) => new PluginOptions(requests, files).isSet('indent');

  test('are as by default when nobody asks', () => {
    expect([parent([]), indent([])]).toEqual([false, true]);
  });

  test('flip without a value, named with the plug-in or without', () => {
    expect([parent(['parent']), parent(['ftrace:parent']), parent(['fgraph:parent'])]).toEqual([true, true, false]);
    expect([indent(['indent']), indent(['other', 'indent'])]).toEqual([false, false]);
  });

  test('named both ways flip twice; the same way, once', () => {
    expect([parent(['parent', 'ftrace:parent']), parent(['parent', 'parent'])]).toEqual([false, true]);
  });

  test('take the last of several values, and ignore values that are none', () => {
    expect([parent(['parent=1', 'parent=0']), parent(['parent=true']), indent(['indent=false'])]).toEqual([
      false,
      true,
      false,
    ]);
    expect([indent(['indent=TRUE']), parent(['parent=yes'])]).toEqual([true, false]);
  });

  test('flip anew with every file, but values stay', () => {
    expect([parent(['parent'], 2), parent(['parent'], 3), parent(['parent=1'], 2)]).toEqual([false, true, true]);
  });
});
