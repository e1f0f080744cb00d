/**
 * Sets up what the tests need beside Node: Debian packages (when root), the build. Run by `npm test`.
 * What cannot be had is named, and the tests that need it are counted as skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program that a test runs, and the Debian packages that bring it. */
const NEEDS: { file: string; packages: string[] }[] = [
  { file: '/usr/bin/avr-gcc', packages: ['gcc-avr', 'avr-libc', 'binutils-avr'] },
  { file: '/usr/share/arduino/hardware/arduino/avr/cores/arduino/main.cpp', packages: ['arduino-core-avr'] },
  { file: '/usr/bin/g++', packages: ['g++'] },
  { file: '/usr/bin/socat', packages: ['socat'] },
  { file: '/usr/sbin/mosquitto', packages: ['mosquitto'] },
  { file: '/usr/bin/mosquitto_sub', packages: ['mosquitto-clients'] },
  { file: '/usr/bin/openssl', packages: ['openssl'] },
  { file: '/usr/bin/chromium', packages: ['chromium'] },
]

const missing = NEEDS.filter((need) => !existsSync(need.file))
if (missing.length > 0) {
  const packages = missing.flatMap((need) => need.packages)
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`Installing Debian packages for the tests: ${packages.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
    const { status } = spawnSync('apt-get', install, { stdio: ['ignore', 'ignore', 'inherit'], env })
    if (status !== 0) console.warn(`apt-get failed (exit ${status}); tests that need these packages will be skipped.`)
  } else {
    console.warn(
      `Missing: ${packages.join(' ')}. Their tests will be skipped; to run them: sudo apt-get ${install.join(' ')}`,
    )
  }
}

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
