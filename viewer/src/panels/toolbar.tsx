import { useRef } from 'preact/hooks';
import { runKey } from '../state/commands.ts';
import { openFiles } from '../state/link.ts';
import * as page from '../state/page.ts';
import { Icon, type IconName } from './icon.tsx';
import { SaveMenu } from './save-menu.tsx';
import { SearchBox } from './search-box.tsx';

/** The line at the top. */
export function Toolbar() {
  const isOpen = page.layout.value !== undefined;
  return (
    <header class="toolbar">
      <h1>Tandem</h1>
      <OpenButton />
      {isOpen && <SearchBox />}
      <span class="space" />
      {isOpen && (
        <div class="group" role="group" aria-label="Zoom">
          <Tool icon="minus" name="Zoom out" keys="s" />
          <Tool icon="plus" name="Zoom in" keys="w" />
          <Tool icon="fit" name="Show all" keys="f" />
        </div>
      )}
      {isOpen && <ClockSwitch />}
      {isOpen && <SaveMenu />}
      <ThemeSwitch />
      <button
        type="button"
        class="icon"
        aria-label="Keys and help"
        title="Keys and help (?)"
        data-testid="help-button"
        onClick={() => runKey('?')}
      >
        <b>?</b>
      </button>
    </header>
  );
}

function Tool({ icon, name, keys }: { readonly icon: IconName; readonly name: string; readonly keys: string }) {
  return (
    <button type="button" class="icon" aria-label={name} title={`${name} (${keys})`} onClick={() => runKey(keys)}>
      <Icon name={icon} />
    </button>
  );
}

/** Opens the browser's file dialog. */
function OpenButton() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="tool"
        onClick={() => input.current?.click()}
        title="Open trace.dat files"
        data-testid="open"
      >
        <Icon name="open" /> Open
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Trace files"
        data-testid="file-input"
        onChange={(event) => {
          openAll(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

export function openAll(files: Iterable<File> | null | undefined): void {
  const added = [...(files ?? [])].map((file) => ({ name: file.name, blob: file }));
  if (added.length > 0) openFiles(added, page.settings.value);
}

/** Guests' clocks as they were measured to be, or as recorded. Everything is read anew. */
function ClockSwitch() {
  const hasGuest = page.layout.value?.machines.some(({ host }) => host !== undefined) ?? false;
  if (!hasGuest) return null;
  const { clock } = page.settings.value;
  const choose = (wanted: 'corrected' | 'raw') => {
    if (wanted !== clock) openFiles([], { ...page.settings.value, clock: wanted });
  };
  return (
    <fieldset class="group switch" data-testid="clock-switch">
      <legend class="hidden">Guests' clocks</legend>
      {(['corrected', 'raw'] as const).map((name) => (
        <button
          type="button"
          key={name}
          aria-pressed={clock === name}
          onClick={() => choose(name)}
          title={`Guests' clocks ${name}`}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

const THEMES = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function ThemeSwitch() {
  const own = page.theme.value;
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Theme: ${own}. Change it.`}
      title={`Theme: ${own}`}
      data-testid="theme"
      onClick={() => {
        page.theme.value = THEMES[own];
      }}
    >
      <Icon name={THEME_ICONS[own]} />
    </button>
  );
}
