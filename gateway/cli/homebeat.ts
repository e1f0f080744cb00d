#!/usr/bin/env -S node --max-semi-space-size=2 --no-parallel-scavenge
/**
 * `homebeat`: the verbs a person would say; a file each.
 *
 * The first line keeps V8's young generation small: a gateway's garbage is short-lived, and on a Pi a quarter less memory
 * is worth the collections (`npm run bench:demo`). Two megabytes are collected sooner by one thread than handed out to
 * several, above all where others use the processor (`npm run bench:ingest`).
 */
import { Command } from 'commander'
import { VERSION } from '#gateway/runtime/version.js'
import { calibrateCommand } from './calibrate.js'
import { channelCommand } from './channel.js'
import { deviceCommand } from './device.js'
import { EXIT } from './exit.js'
import { flashCommand } from './flash.js'
import { identityCommand } from './identity.js'
import { journalCommand } from './journal.js'
import { mapCommand } from './map.js'
import { queueCommand } from './queue.js'
import { serialCommand } from './serial.js'
import { simulateCommand } from './simulate.js'
import { startCommand } from './start.js'
import { statusCommand } from './status.js'
import { verifyCommand } from './verify.js'

const program = new Command('homebeat')
  .description('Gateway for the remote monitoring of elderly people. Not a certified medical device.')
  .version(VERSION)
  .showHelpAfterError('(homebeat --help says more)')
  .addCommand(startCommand())
  .addCommand(statusCommand())
  .addCommand(queueCommand())
  .addCommand(verifyCommand())
  .addCommand(identityCommand())
  .addCommand(flashCommand())
  .addCommand(calibrateCommand())
  .addCommand(channelCommand())
  .addCommand(mapCommand())
  .addCommand(deviceCommand())
  .addCommand(journalCommand())
  .addCommand(serialCommand())
  .addCommand(simulateCommand())

program.exitOverride((error) => {
  process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
})
await program.parseAsync()
