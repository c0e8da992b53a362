import { closeFile } from '../state/link.ts';
import * as page from '../state/page.ts';

/** Files that are open, those that could not be opened, and what else is to be said. */
export function Messages() {
  return (
    <div class="panel-body" data-testid="messages">
      <ul class="messages">
        {page.failures.value.map(({ name, message }) => (
          <li class="error" key={`${name} ${message}`} data-testid="failure">
            {name !== undefined && !message.includes(name) && <b>{name}: </b>}
            {message}
          </li>
        ))}
        {page.warnings.value.map((text) => (
          <li key={text} data-testid="warning">
            {text}
          </li>
        ))}
        {page.inputs.value.map(({ name }) => (
          <li key={name}>
            <b>{name}</b> is open{' '}
            <button type="button" class="small" onClick={() => closeFile(name)} aria-label={`Close ${name}`}>
              Close
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
