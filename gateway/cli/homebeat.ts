#!/usr/bin/env -S node --max-semi-space-size=2
/**
 * `homebeat`: the verbs a person would say; a file each.
 *
 * The first line keeps V8's young generation small: a gateway's garbage is short-lived, and on a Pi a quarter less memory
 * is worth the collections (`npm run bench:demo`).
 */
import { Command } from 'commander'
import { VERSION } from '#gateway/runtime/version.js'
import { calibrateCommand } from './calibrate.js'
import { deviceCommand } from './device.js'
import { enterCommand, scoreCommand } from './enter.js'
import { EXIT } from './exit.js'
import { flashCommand } from './flash.js'
import { identityCommand } from './identity.js'
import { limitsCommand } from './limits.js'
import { mapCommand } from './map.js'
import { settingsCommand } from './settings.js'
import { simulateCommand } from './simulate.js'
import { startCommand } from './start.js'
import { statusCommand } from './status.js'
import { trendsCommand } from './trends.js'
import { verifyCommand } from './verify.js'

const program = new Command('homebeat')
  .description('Gateway for the remote monitoring of elderly people. Not a certified medical device.')
  .version(VERSION)
  .showHelpAfterError('(homebeat --help says more)')
  .addCommand(startCommand())
  .addCommand(statusCommand())
  .addCommand(verifyCommand())
  .addCommand(identityCommand())
  .addCommand(flashCommand())
  .addCommand(calibrateCommand())
  .addCommand(mapCommand())
  .addCommand(deviceCommand())
  .addCommand(enterCommand())
  .addCommand(scoreCommand())
  .addCommand(trendsCommand())
  .addCommand(limitsCommand())
  .addCommand(settingsCommand())
  .addCommand(simulateCommand())

program.exitOverride((error) => {
  process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
})
await program.parseAsync()
