import type { Resource } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { taskOf } from '#fhir/task.js'
import { tasksIn } from '#gateway/outbound/fhir/fhir-task.js'
import { transition } from './delivery-home.js'

const context = { home: 'home-1', patient: 'quiet-heron' }
const raised = transition({ alertId: 'fast-pulse-7' })
const task = { ...taskOf([raised], context), id: 't-1', meta: { versionId: '3' } }

const read = (...resources: unknown[]) => tasksIn(resources as Resource[], 'home-1')

describe('Tasks in the answer of a FHIR server', () => {
  it('are read with what is asked of them, and kept as they were given', () => {
    const given = {
      ...task,
      owner: { display: 'Anna' },
      note: [{ text: 'one' }, { text: ` ${'x'.repeat(2000)}` }],
      more: 1,
    }
    expect(read(given)).to.deep.equal([
      {
        ...{ alertId: 'fast-pulse-7', id: 't-1', versionId: '3', status: 'requested', owner: null },
        ...{ note: 'x'.repeat(499), resource: given },
      },
    ])
  })

  it('name who has them by an identifier: a contact of the home, or as the server calls them; never by a name', () => {
    const ownerOf = (owner: unknown) => read({ ...task, owner })[0]?.owner
    const contact = { system: 'urn:homebeat:contact', value: 'home-1/doctor-1' }
    expect(ownerOf({ identifier: contact })).to.equal('doctor-1')
    expect(ownerOf({ identifier: { ...contact, value: 'home-2/doctor-1' } })).to.equal('home-2/doctor-1')
    expect(ownerOf({ reference: 'Practitioner/12', display: 'Meredith Gray' })).to.equal('Practitioner/12')
    for (const value of ['Meredith Gray', '', '\n', 'x'.repeat(101), '../../etc', '<b>'])
      expect(ownerOf({ identifier: { value } }), value).to.equal(null)
  })

  it('are passed over where they are of another home, or of nothing that is known', () => {
    const identified = (value: string, system = 'urn:homebeat:task') => ({ ...task, identifier: [{ system, value }] })
    const others = [
      ...[identified('home-2/fast-pulse-7'), identified('home-1'), identified('home-1/')],
      ...[identified('home-1/fast-pulse-7', 'urn:other'), { ...task, identifier: undefined }],
    ]
    expect(read(...others)).to.deep.equal([])
    expect(read(...others, task)).to.have.length(1)
  })

  it('are passed over where they are malformed, oversized or no Tasks', () => {
    const bad: unknown[] = [
      ...[null, 7, 'Task', [], {}, { ...task, resourceType: 'Patient' }, { ...task, status: 'done' }],
      ...[
        { ...task, id: '../Patient/1' },
        { ...task, id: undefined },
        { ...task, meta: { versionId: '3"\r\nX: 1' } },
      ],
      ...[
        { ...task, note: Array(501).fill({ text: 'x' }) },
        { ...task, note: [{}] },
      ],
      { ...task, owner: { reference: 'x'.repeat(301) } },
    ]
    for (const one of bad) expect(read(one), JSON.stringify(one)).to.deep.equal([])
    expect(read(...bad, task)).to.have.length(1)
  })
})
