import { TandemError } from '../../base/errors.ts';
import type { SyncLink } from '../types.ts';

/** A message that makes no sense where it came. */
export function wrongMessage(link: SyncLink, id: number, step: string): TandemError {
  return new TandemError('PEER', link.peer, `sent time sync message ${id} while ${step}`);
}

/** A message whose content makes no sense. */
export function wrongContent(link: SyncLink, what: string): TandemError {
  return new TandemError('PEER', link.peer, `sent ${what} in the time sync`);
}
