import { render } from 'preact';
import { App } from './panels/app.tsx';
import { followState, readAddress, readRest, readSettings } from './state/address.ts';
import { followClocks } from './state/clocks.ts';
import { connect, openFiles } from './state/link.ts';
import * as page from './state/page.ts';
import { servedFiles } from './state/served-files.ts';
import './style/page.css';
import './style/timeline.css';
import './style/panels.css';
import TraceWorker from './worker/main.ts?worker&inline';

let address = location.hash.slice(1);
let isFirst = true;

readSettings(address);
connect(new TraceWorker(), {
  opened() {
    readAddress(address);
    // From then on it is the user who chooses.
    if (isFirst && !new URLSearchParams(address).has('panel')) page.panel.value = firstPanel();
    isFirst &&= page.layout.value === undefined;
  },
  loaded: () => readRest(address),
});
followState((written) => {
  if (written === address) return;
  address = written;
  history.replaceState(null, '', written === '' ? location.pathname + location.search : `#${written}`);
});
followClocks();
addEventListener('hashchange', () => {
  const wanted = location.hash.slice(1);
  if (wanted === address) return;
  address = wanted;
  readAddress(address);
  page.selection.value = undefined;
  readRest(address);
});
render(<App />, document.getElementById('app') as HTMLElement);
const files = await servedFiles();
if (files.length > 0) openFiles(files, page.settings.value);

/** Who opens a host with its guests wants to know what the host did to them. */
function firstPanel(): page.PanelName {
  return page.layout.value?.tracks.some(({ kind }) => kind === 'vcpu') ? 'steal' : 'details';
}
