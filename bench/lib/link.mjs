import { execFileSync } from 'node:child_process'

const NAMESPACE = 'media-vault-bench'
const HERE = '10.213.77.1'
const THERE = '10.213.77.2'

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })

/**
 * A cable between this machine and a place of its own on it, as fast as a real one: a network namespace, a virtual Ethernet
 * pair, and a token bucket on what is sent. Needs root and the commands ip and tc.
 */
export class Link {
  host = THERE
  /** What runs on the other end begins with this. */
  prefix = ['ip', 'netns', 'exec', NAMESPACE]

  static make(megabits) {
    const link = new Link()
    link.remove()
    run('ip', 'netns', 'add', NAMESPACE)
    run('ip', 'link', 'add', 'mv-bench-0', 'type', 'veth', 'peer', 'name', 'mv-bench-1', 'netns', NAMESPACE)
    run('ip', 'addr', 'add', `${HERE}/30`, 'dev', 'mv-bench-0')
    run('ip', 'link', 'set', 'mv-bench-0', 'up')
    run('ip', '-n', NAMESPACE, 'addr', 'add', `${THERE}/30`, 'dev', 'mv-bench-1')
    run('ip', '-n', NAMESPACE, 'link', 'set', 'mv-bench-1', 'up')
    run('ip', '-n', NAMESPACE, 'link', 'set', 'lo', 'up')
    run('tc', 'qdisc', 'add', 'dev', 'mv-bench-0', 'root', 'tbf', 'rate', `${megabits}mbit`, 'burst', '256kb', 'latency', '20ms')
    return link
  }

  remove() {
    try {
      run('ip', 'netns', 'del', NAMESPACE)
    } catch {
      // There is none.
    }
  }
}
