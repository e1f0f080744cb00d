import { render } from 'preact'
import { connect } from '../lib/live-source.js'
import { LiveStore } from '../lib/live-store.js'
import { App } from './app.js'
import 'uplot/dist/uPlot.min.css'
import './tokens.css'
import './base.css'
import './layout.css'
import '../components/components.css'

const root = document.getElementById('app')
if (root) {
  const store = new LiveStore()
  render(<App store={store} />, root)
  connect(store)
}
