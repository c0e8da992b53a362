import type { ToWorker } from '../protocol.ts';
import { Session } from './session.ts';

/** The scope of a worker, as far as it is used: its types and those of a page exclude each other. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const session = new Session((message, transfer) => scope.postMessage(message, transfer));

scope.onmessage = ({ data }) => {
  void session.take(data);
};
