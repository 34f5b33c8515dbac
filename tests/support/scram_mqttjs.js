// MQTT.js authenticating by SCRAM-SHA-256, with Node's own hashes, for scram_mqttjs_test.py:
//
//   node scram_mqttjs.js PORT CLIENT_ID USERNAME PASSWORD [again]
//
// Prints one line of JSON: {"version": …, "connected": true}, or {"version": …, "refused": reason code}. With
// `again` it authenticates once more on the live connection, and adds {"again": reason code}.

const crypto = require('crypto')
const mqtt = require('mqtt')

const [port, clientId, username, password, again] = process.argv.slice(2)
const method = 'SCRAM-SHA-256'
const version = require('mqtt/package.json').version

const mac = (key, message) => crypto.createHmac('sha256', key).update(message).digest()
const properties = (message) => ({ authenticationMethod: method, authenticationData: Buffer.from(message) })

class Conversation {
  constructor () {
    const name = username.replace(/=/g, '=3D').replace(/,/g, '=2C')
    this.bare = `n=${name},r=${crypto.randomBytes(18).toString('base64')}`
    this.first = `n,,${this.bare}`
  }

  answer (challenge) {
    const parts = Object.fromEntries(challenge.split(',').map(part => [part[0], part.slice(2)]))
    const salted = crypto.pbkdf2Sync(password, Buffer.from(parts.s, 'base64'), Number(parts.i), 32, 'sha256')
    const withoutProof = `c=biws,r=${parts.r}`
    const signed = [this.bare, challenge, withoutProof].join(',')
    const key = mac(salted, 'Client Key')
    const signature = mac(crypto.createHash('sha256').update(key).digest(), signed)
    const proof = key.map((byte, i) => byte ^ signature[i])
    this.serverFinal = `v=${mac(mac(salted, 'Server Key'), signed).toString('base64')}`
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
  }

  checkServer (packet) {
    if (String(packet.properties.authenticationData) !== this.serverFinal) {
      finish({ error: 'not the server that has our verifier' })
    }
  }
}

function finish (found) {
  console.log(JSON.stringify({ version, ...found }))
  process.exit(0)
}

let conversation = new Conversation()
const client = mqtt.connect({
  host: '127.0.0.1', port: Number(port), protocolVersion: 5, clientId, reconnectPeriod: 0,
  properties: properties(conversation.first)
})

client.handleAuth = (packet, done) => {
  if (packet.reasonCode === 0) {
    conversation.checkServer(packet)
    done()
    finish({ connected: true, again: 0 })
  }
  const message = conversation.answer(String(packet.properties.authenticationData))
  done(null, { cmd: 'auth', reasonCode: 0x18, properties: properties(message) })
}

client.on('connect', (packet) => {
  conversation.checkServer(packet)
  client.publish(`plant/${username}`, 'from MQTT.js', { qos: 1 }, (error) => {
    if (error) finish({ error: String(error) })
    if (!again) finish({ connected: true })
    conversation = new Conversation()
    client._sendPacket({ cmd: 'auth', reasonCode: 0x19, properties: properties(conversation.first) })
  })
})
client.on('error', (error) => finish({ refused: error.code, error: String(error) }))
client.on('close', () => finish({ closed: true }))
setTimeout(() => finish({ error: 'no answer' }), 15000)
