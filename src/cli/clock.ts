import { basename } from 'node:path';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { proofJson } from '../proof/json.ts';
import { proveClocks } from '../proof/prove.ts';
import { proofLines } from '../proof/text.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { EXIT_HELP } from './exit-status.ts';
import { openGuests, openPath } from './open-files.ts';

interface Switches {
  readonly json?: true;
}

/** `tandem clock`, ready to be added to the program. */
export function clockCommand(): Command {
  return new Command('clock')
    .description("Prove how far guests' clocks can be trusted.")
    .argument('<files...>', "a host's file and those of its guests; guests' files beside the host's are found")
    .option('--json', 'one JSON object per guest, a line each; exact numbers are strings')
    .addHelpText('after', EXIT_HELP)
    .action(async (paths: string[], switches: Switches) => {
      const files: TraceFile[] = [];
      try {
        for (const path of paths) files.push(await openPath(path));
        files.push(...(await openGuests(files)));
        await show(files, switches);
      } finally {
        for (const { source } of files) await source.close();
      }
    });
}

async function show(files: readonly TraceFile[], { json }: Switches): Promise<void> {
  const proofs = await proveClocks(files);
  if (proofs.length === 0) {
    const hint = 'name the files of a host and of its guests; `tandem attach` pairs files that were recorded apart';
    throw new TandemError(
      'NOT_FOUND',
      files.map(({ source }) => source.name).join(', '),
      'no guest is among them',
      hint,
    );
  }
  if (json) for (const proof of proofs) console.log(JSON.stringify(proofJson(proof)));
  else console.log(proofs.map((proof) => proofLines(proof, (path) => basename(path)).join('\n')).join('\n\n'));
}
