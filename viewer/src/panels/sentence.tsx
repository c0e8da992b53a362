import { goTo } from '../state/go.ts';
import type { Sentence } from '../state/sentence.ts';

/** A sentence whose links go to places on the timeline. */
export function SentenceText({ sentence }: { readonly sentence: Sentence }) {
  return (
    <p class="sentence" data-testid="sentence">
      {sentence.map((part, place) =>
        typeof part === 'string' ? (
          part
        ) : (
          <button type="button" class="link" key={place} onClick={() => goTo(part.track, part.time)}>
            {part.text}
          </button>
        ),
      )}
    </p>
  );
}
