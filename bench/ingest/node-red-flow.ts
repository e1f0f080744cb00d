/**
 * The flow that stands for what somebody would build instead: mqtt in (QoS 1) → function that validates and normalises
 * → SQLite insert. Each message is a commit of its own, as Node-RED's SQLite node does it; the file is in WAL mode, and
 * synchronous is FULL, SQLite's own default, which that node keeps.
 */
export const NODE_RED_TABLE = `CREATE TABLE measurement (
  id INTEGER PRIMARY KEY, identifier TEXT NOT NULL UNIQUE, sensor TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL)`

/** What the gateway checks of a message, in short: topic, members, ranges of type, unit, time. */
const VALIDATE = String.raw`
const UNITS = { pulse: ['/min'], spo2: ['%'], airflow: ['/min'], bodyTemperature: ['Cel', '[degF]'],
  glucose: ['mg/dL', 'mmol/L'], gsr: ['uS'], bloodPressure: ['mm[Hg]', 'kPa'], position: null };
const topic = /^homebeat\/v1\/([a-z0-9][a-z0-9-]{0,31})\/([A-Za-z0-9]{1,32})$/.exec(msg.topic);
if (!topic || !(topic[2] in UNITS)) return null;
const [, device, sensor] = topic;
let p;
try { p = JSON.parse(msg.payload); } catch (e) { return null; }
if (typeof p.id !== 'string' || !/^[A-Za-z0-9._:-]{1,40}$/.test(p.id)) return null;
const at = Date.parse(p.at);
if (!Number.isFinite(at)) return null;
if (UNITS[sensor] && !UNITS[sensor].includes(p.unit)) return null;
let value;
if (sensor === 'bloodPressure') {
  if (!Number.isFinite(p.systolic) || !Number.isFinite(p.diastolic)) return null;
  value = { systolic: p.systolic, diastolic: p.diastolic, pulse: p.pulse };
} else if (sensor === 'position') value = p.position;
else {
  if (!Number.isFinite(p.value)) return null;
  value = p.unit === 'mmol/L' ? p.value * 18.016 : p.unit === '[degF]' ? (p.value - 32) / 1.8 : p.value;
}
msg.params = { $identifier: device + '-' + sensor + '-' + p.id, $sensor: sensor, $at: at,
  $payload: JSON.stringify({ device, value, quality: 'good' }) };
return msg;`

export function flowFor(options: { readonly brokerPort: number; readonly file: string }): object[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    {
      ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(options.brokerPort) },
      ...{ clientid: 'node-red', protocolVersion: 4, keepalive: '60', cleansession: true, usetls: false },
    },
    { id: 'db', type: 'sqlitedb', db: options.file, mode: 'RW' },
    {
      ...{ id: 'in', type: 'mqtt in', z: 'tab', topic: 'homebeat/v1/#', qos: '1', datatype: 'utf8', broker: 'broker' },
      ...{ inputs: 0, x: 100, y: 100, wires: [['validate']] },
    },
    { id: 'validate', type: 'function', z: 'tab', func: VALIDATE, outputs: 1, x: 300, y: 100, wires: [['insert']] },
    {
      ...{ id: 'insert', type: 'sqlite', z: 'tab', mydb: 'db', sqlquery: 'prepared', x: 500, y: 100, wires: [[]] },
      sql: 'INSERT OR IGNORE INTO measurement (identifier, sensor, at, payload) VALUES ($identifier, $sensor, $at, $payload)',
    },
  ]
}
