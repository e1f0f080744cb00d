import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'chai'
import { Recorder } from '#gateway/engine/recorder.js'
import type { Commit } from '#gateway/journal/api/commit.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { transition } from '#test/gateway/journal/journal-fixture.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const NOTHING: PipelineStep = {
  ...{ measurements: [], transitions: [], notifications: [], digestItems: [], live: [], events: [] },
  ...{ lost: 0, refused: null, received: 0 },
}
const RAISED: PipelineStep = { ...NOTHING, transitions: [transition()] }
const ACTION: AlarmAction = {
  ...{ action: 'acknowledge', at: 7, subjects: [transition().alertId] },
  actor: { by: 'nurse-1', via: 'console' },
}

function build(refusals = 0) {
  const clock = new TestClock()
  const did: string[] = []
  const commits: Commit[] = []
  const errors: string[] = []
  let refusing = refusals
  const disk = { full: false }
  const recorder = new Recorder({
    journal: {
      commit: async (commit) => {
        did.push('commit')
        if (disk.full || refusing-- > 0) throw new Error('disk full')
        commits.push(commit)
      },
    },
    timekeeper: { stamp: (step) => ({ ...step, provisional: true }) },
    onStep: (step) => did.push('provisional' in step ? 'show stamped' : 'show'),
    clock,
    logger: {
      ...silentLogger,
      error: (_fields: object, said: string) => errors.push(said),
      warn: (said: string) => errors.push(said),
    } as never,
  })
  return { recorder, clock, did, commits, errors, disk }
}

describe('The recorder', () => {
  it('stamps a step, shows it, and then commits it', async () => {
    const { recorder, did, commits } = build()
    await recorder.record(RAISED).durable
    expect(did).to.deep.equal(['show stamped', 'commit'])
    expect(commits[0]?.transitions).to.deep.equal(RAISED.transitions)
  })

  it('keeps the mark of a time that is not to be believed, whichever door a step comes by', async () => {
    const { recorder, commits } = build()
    await recorder.record(RAISED).durable
    await recorder.record(RAISED, () => ACTION).durable
    recorder.note(RAISED)
    await settle()
    expect(commits).to.have.length(3)
    for (const commit of commits) expect(commit).to.include({ provisional: true })
  })

  it('shows a step that brought nothing to keep, and does not commit it', async () => {
    const { recorder, did } = build()
    expect(recorder.record(NOTHING).durable).to.equal(null)
    recorder.note(NOTHING)
    expect(did).to.deep.equal(['show stamped', 'show stamped'])
  })

  it('commits an act together with its step, and asks for the act once the step has its stored names', async () => {
    const { recorder, commits } = build()
    await recorder.record(RAISED, (stamped) => ('provisional' in stamped ? ACTION : null)).durable
    expect(commits).to.have.length(1)
    expect(commits[0]).to.deep.include({ transitions: RAISED.transitions, actions: [ACTION] })
    await recorder.record(NOTHING, () => ACTION).durable
    expect(commits[1]?.actions).to.deep.equal([ACTION])
  })

  it('tries again what the disk refuses, and logs what is given up in the end', async () => {
    const { recorder, clock, commits, errors } = build(2)
    recorder.note(RAISED)
    await settle()
    expect(recorder.isRefused).to.equal(true)
    await clock.advance(2000)
    expect(commits).to.have.length(1)
    expect(recorder.isRefused).to.equal(false)

    const hopeless = build(Number.POSITIVE_INFINITY)
    hopeless.recorder.note(RAISED)
    await settle()
    await hopeless.recorder.finish()
    await settle()
    expect(hopeless.errors).to.include('an alert transition could not be stored')
    expect(errors).not.to.include('an alert transition could not be stored')
  })

  it('says once that the disk refuses, however many readings wait for it, and once that it takes them again', async () => {
    const { recorder, clock, commits, errors, disk } = build()
    for (const episode of [1, 2]) {
      disk.full = true
      for (let second = 0; second < 60; second++) {
        for (let reading = 0; reading < 5; reading++) recorder.note(RAISED)
        await clock.advance(1000)
      }
      expect(errors).to.have.length(2 * episode - 1)
      disk.full = false
      await clock.advance(1000)
      expect(commits).to.have.length(300 * episode)
    }
    const said = ['the disk refuses; holding readings back until it takes them', 'the disk takes readings again']
    expect(errors).to.deep.equal([...said, ...said])
  })

  it('takes what kept messages became as it is, and says at once that the disk refuses', async () => {
    const { recorder, commits } = build()
    await recorder.recover([], [1, 2])
    expect(commits).to.deep.equal([{ measurements: [], transitions: [], mapped: [1, 2] }])
    const refused = await build(1)
      .recorder.recover([], [1])
      .catch((error: Error) => error.message)
    expect(refused).to.equal('disk full')
  })

  it('is the only one that commits', () => {
    const gateway = join(packageRoot, 'gateway')
    const committing = readdirSync(gateway, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => /\.commit\(|new Committer\(/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(gateway, file))
      .filter((file) => !file.startsWith('journal/'))
    expect(committing.sort()).to.deep.equal(['engine/committer.ts', 'engine/recorder.ts'])
  })
})
