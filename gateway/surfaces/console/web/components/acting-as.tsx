import type { Ref } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { GatewayStatus } from '../../../status/feed.js'

const OTHER = ':other'

/** Who presses the buttons: one of the home's contacts, or a name that is typed. */
export function ActingAs(props: {
  who: string
  contacts: GatewayStatus['contacts']
  choose: (who: string) => void
  field: Ref<HTMLSelectElement>
}) {
  const { who, contacts = [], choose, field } = props
  const id = useId()
  const isContact = contacts.some((contact) => contact.id === who)
  const [typing, setTyping] = useState(who !== '' && !isContact)
  return (
    <div class="acting-as">
      <label for={id}>Acting as</label>
      <select
        id={id}
        ref={field}
        value={typing ? OTHER : who}
        onChange={({ currentTarget: { value } }) => {
          setTyping(value === OTHER)
          choose(value === OTHER ? '' : value)
        }}
      >
        <option value="">Choose…</option>
        {contacts.map(({ id, role }) => (
          <option key={id} value={id}>
            {id === role ? id : `${id} (${role})`}
          </option>
        ))}
        <option value={OTHER}>Somebody else…</option>
      </select>
      {typing && (
        <input
          type="text"
          aria-label="Your name, as the log has it and the others are told"
          placeholder="Your name"
          maxLength={64}
          value={isContact ? '' : who}
          onInput={({ currentTarget: { value } }) => choose(value)}
        />
      )}
    </div>
  )
}
