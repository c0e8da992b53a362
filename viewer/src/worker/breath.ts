const waiting: (() => void)[] = [];
let port: MessagePort | undefined;

/**
 * Lets come in what waits for this thread: messages, bytes that are being read. Browsers make timers that are set again
 * and again wait for 4 ms; messages to oneself come at once, behind what is there.
 */
export function breath(): Promise<void> {
  port ??= ownPort();
  const own = port;
  return new Promise((done) => {
    waiting.push(done);
    own.postMessage(undefined);
  });
}

function ownPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()?.();
  // Node would wait for messages that never come.
  (port1 as MessagePort & { unref?(): void }).unref?.();
  return port2;
}
