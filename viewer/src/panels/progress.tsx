import { bytesText, countText } from '../state/exact.ts';
import * as page from '../state/page.ts';

/** What is being done while files are read. */
export function ProgressLine() {
  const stage = page.stage.value;
  const { bytes, totalBytes, events } = page.progress.value;
  const part = totalBytes > 0 ? bytes / totalBytes : 0;
  return (
    <div class={`progress progress-${stage}`} data-testid="progress" data-stage={stage}>
      {stage === 'opening' && (
        <span role="status">Opening {page.inputs.value.map(({ name }) => name).join(', ')} ...</span>
      )}
      {stage === 'loading' && (
        <>
          <progress value={part} max={1} aria-label="Reading" />
          <span>
            Reading: {bytesText(bytes)} of {bytesText(totalBytes)}, {countText(events)} events
          </span>
        </>
      )}
    </div>
  );
}
