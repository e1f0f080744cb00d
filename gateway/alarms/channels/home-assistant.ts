/** MQTT discovery of Home Assistant (home-assistant.io/integrations/mqtt, "MQTT Discovery"; binary_sensor.mqtt). */
import { PRIORITIES, type Priority } from '#gateway/model/alert.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import { VERSION } from '#gateway/platform/version.js'
import type { AlertNotice } from './channel.js'
import type { Message } from './mqtt-publish.js'

/** A binary sensor for each priority: on while an alert of it is not over. All its messages are retained. */
export class HomeAssistantAlarms {
  readonly #home: string
  readonly #prefix: string
  readonly #discoveryPrefix: string
  readonly #active = new Map<string, Priority>()

  /** @param prefix of the channel's topics. @param discoveryPrefix Home Assistant's own default is `homeassistant` */
  constructor(home: string, prefix: string, discoveryPrefix: string) {
    this.#home = home
    this.#prefix = prefix
    this.#discoveryPrefix = discoveryPrefix
  }

  take({ alertId, condition, priority, state, reason }: AlertNotice): void {
    // A sensor that an exercise has turned on would not show an alert that comes.
    if (reason === 'test' || reason === 'digest' || condition === REHEARSAL) return
    if (state === 'cleared') this.#active.delete(alertId)
    else this.#active.set(alertId, priority)
  }

  /** What Home Assistant has to know now, whether or not it knew before. */
  messages(): Message[] {
    const active = new Set(this.#active.values())
    return PRIORITIES.flatMap((priority) => [
      {
        topic: `${this.#discoveryPrefix}/binary_sensor/homebeat-${this.#home}/${priority}/config`,
        payload: JSON.stringify(this.#discovery(priority)),
        retain: true,
      },
      { topic: this.#stateTopic(priority), payload: active.has(priority) ? 'ON' : 'OFF', retain: true },
    ])
  }

  #discovery(priority: Priority): object {
    const id = `homebeat-${this.#home}`
    return {
      name: `Alarm active, ${priority}`,
      unique_id: `${id}-alarm-${priority}`,
      state_topic: this.#stateTopic(priority),
      payload_on: 'ON',
      payload_off: 'OFF',
      device_class: 'problem',
      device: { identifiers: [id], name: `Homebeat ${this.#home}`, model: 'Homebeat', sw_version: VERSION },
      origin: { name: 'Homebeat', sw_version: VERSION },
    }
  }

  #stateTopic(priority: Priority): string {
    return `${this.#prefix}/active/${priority}`
  }
}
