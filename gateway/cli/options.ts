import { Option } from 'commander'

export const CONFIG_OPTION = () =>
  new Option('-c, --config <file>', 'configuration file').default('homebeat.yaml').env('HOMEBEAT_CONFIG')
