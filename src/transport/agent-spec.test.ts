import { describe, expect, test } from 'vitest';
import type { PeerAddress } from './address.ts';
import { addressText, checkGuestName } from './address.ts';
import { parseAgentSpec, resolveAgentSpec } from './agent-spec.ts';
import type { Guest } from './guests.ts';

const vsock = (cid: number, port = 823): PeerAddress => ({ kind: 'vsock', cid, port });
const tcp = (host: string, port = 823): PeerAddress => ({ kind: 'tcp', host, port });
const unix = (path: string, port = 823): PeerAddress => ({ kind: 'unix', path, port });
const guest = (name: string, port = 823) => ({ kind: 'guest', name, port }) as const;

describe('what is written after -A', () => {
  test.each([
    ['3', '3', vsock(3)],
    ['3:1000', '3', vsock(3, 1000)],
    ['web@3', 'web', vsock(3)],
    ['web@3:70000', 'web', vsock(3, 70_000)],
    ['a@b@3:1', 'a@b', vsock(3, 1)],
    ['@3:823', undefined, vsock(3)],
    ['4294967294:4294967294', '4294967294', vsock(4_294_967_294, 4_294_967_294)],
    ['127.0.0.1', '127.0.0.1', tcp('127.0.0.1')],
    ['127.0.0.1:1000', '127.0.0.1', tcp('127.0.0.1', 1000)],
    ['vm.example.org:1000', 'vm.example.org', tcp('vm.example.org', 1000)],
    ['web@vm:1000', 'web', tcp('vm', 1000)],
    ['[::1]:1000', '::1', tcp('::1', 1000)],
    ['[fe80::1%eth0]', 'fe80::1%eth0', tcp('fe80::1%eth0')],
    ['web@[::1]:1000', 'web', tcp('::1', 1000)],
    ['fe80::1', 'fe80::1', tcp('fe80::1')],
    ['unix:/run/vm/v.sock:823', 'v', unix('/run/vm/v.sock')],
    ['unix:/run/vm/v.sock', 'v', unix('/run/vm/v.sock')],
    ['unix:/run/a:5/vm:9000', 'vm', unix('/run/a:5/vm', 9000)],
    ['unix:v.sock:9000', 'v', unix('v.sock', 9000)],
    ['web@unix:/run/x@y.sock:70000', 'web', unix('/run/x@y.sock', 70_000)],
    ['unix:/run/x@y.sock', 'x@y', unix('/run/x@y.sock')],
    ['web', 'web', guest('web')],
    ['web-1:1000', 'web-1', guest('web-1', 1000)],
  ])('%s', (text, name, target) => {
    expect(parseAgentSpec(text)).toEqual({ name, target });
  });

  test.each([
    ['', /no address/],
    ['@', /no address/],
    [':823', /no address/],
    ['web@', /no address/],
    ['3:', /'' is no port from 1 to 4294967294/],
    ['3:0', /'0' is no port/],
    ['3:4294967295', /no port from 1 to 4294967294/],
    ['127.0.0.1:65536', /no port from 1 to 65535/],
    ['127.0.0.1:8x', /'8x' is no port/],
    ['0', /'0' is no cid/],
    ['4294967295', /no cid/],
    ['99999999999999999999', /no cid/],
    ['[localhost]:1', /'localhost' is no IPv6 address/],
    ['[::1', /no address/],
    ['[::1]x:1', /no address/],
    ['a:b:c', /'b:c' is no port/],
    ['unix:', /needs a path/],
    ['unix::823', /needs a path/],
    ['unix:/a\0b', /needs a path/],
    ['unix:/run/..:5', /no path/],
    ['../x@3', /a name is no path/],
    ['x/y@3', /a name is no path/],
    ['../../etc/passwd', /no path/],
    ['..', /no path/],
    ['x\0y@3', /control characters/],
    ['\x1b[2J@3', /control characters/],
    [`${'x'.repeat(201)}@3`, /more than 200 bytes/],
  ])('%j is refused, with a next step, in one line', (text, message) => {
    const failed = (): unknown => parseAgentSpec(text);
    expect(failed).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }));
    expect(failed).toThrow(/^[ -~]*; (write|give) [ -~]*$/);
  });

  test('an address is shown as it can be written', () => {
    for (const text of ['127.0.0.1:5', '[::1]:5', 'unix:/run/v.sock:5']) {
      expect(addressText(parseAgentSpec(text).target as PeerAddress)).toBe(text);
    }
    expect(addressText(vsock(3, 5))).toBe('vsock 3:5');
  });

  test('names of other scripts and with blanks are names', () => {
    for (const name of ['Gäste 1', '客户机', 'a.b', '.hidden', 'x'.repeat(200)])
      expect(checkGuestName(name)).toBe(name);
  });
});

describe('the guest that is meant', () => {
  const guests: Guest[] = [
    { name: 'web', cid: 7, macs: [], pid: 100 },
    { name: 'mute', cid: undefined, macs: [], pid: 101 },
    { name: 'twin', cid: 8, macs: [], pid: 102 },
    { name: 'twin', cid: 9, macs: [], pid: 103 },
  ];
  const resolve = (text: string) => resolveAgentSpec(parseAgentSpec(text), async () => guests);

  test('a name gives its cid, a cid its process', async () => {
    expect(await resolve('web:5')).toEqual({ name: 'web', address: vsock(7, 5), guest: guests[0] });
    expect(await resolve('other@8:5')).toEqual({ name: 'other', address: vsock(8, 5), guest: guests[2] });
    expect(await resolve('55')).toEqual({ name: '55', address: vsock(55), guest: undefined });
  });

  test('a name that no guest has is a host', async () => {
    expect(await resolve('localhost:5')).toEqual({ name: 'localhost', address: tcp('localhost', 5), guest: undefined });
  });

  test('a guest without vsock, and two of one name, can not be meant', async () => {
    await expect(resolve('mute')).rejects.toThrow(/'mute': it has no vsock device; give it one/);
    await expect(resolve('twin')).rejects.toThrow(/several have this name \(cids: 8, 9\); write the cid/);
  });

  test('an address is taken as it is, without looking for guests', async () => {
    const never = async (): Promise<Guest[]> => {
      throw new Error('looked');
    };
    const { address } = await resolveAgentSpec(parseAgentSpec('unix:/run/v.sock'), never);
    expect(address).toEqual(unix('/run/v.sock'));
  });
});
