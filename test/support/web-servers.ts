/** Web servers as people run them, each serving a folder for the running test. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { serve } from './served.ts';
import { tempFolder } from './temp-folder.ts';

export interface WebServer {
  readonly name: string;
  /** False where it is not installed. */
  readonly here: boolean;
  /** Serves a folder. @returns its address, with a slash at the end */
  start(folder: string): Promise<string>;
}

interface Program {
  readonly name: string;
  readonly binary: string;
  readonly config: (folder: string, port: number, scratch: string) => string;
  readonly args: (config: string, scratch: string) => string[];
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'Apache',
    binary: 'apache2',
    config: (folder, port, scratch) => `
      ServerRoot ${scratch}
      ServerName localhost
      PidFile ${scratch}/pid
      ErrorLog ${scratch}/error
      Listen 127.0.0.1:${port}
      LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
      LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
      LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
      LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
      SetOutputFilter DEFLATE
      DocumentRoot ${folder}
      <Directory ${folder}>
        Require all granted
      </Directory>`,
    // One process: nothing is left of it when it is killed.
    args: (config) => ['-X', '-f', config],
  },
  {
    name: 'nginx',
    binary: 'nginx',
    config: (folder, port, scratch) => `
      daemon off;
      master_process off;
      user root;
      worker_processes 1;
      pid ${scratch}/pid;
      error_log ${scratch}/error;
      events {}
      http {
        access_log off;
        client_body_temp_path ${scratch}; proxy_temp_path ${scratch}; fastcgi_temp_path ${scratch};
        uwsgi_temp_path ${scratch}; scgi_temp_path ${scratch};
        gzip on; gzip_types *;
        server { listen 127.0.0.1:${port}; root ${folder}; }
      }`,
    args: (config, scratch) => ['-p', scratch, '-e', `${scratch}/error`, '-c', config],
  },
  {
    name: 'lighttpd',
    binary: 'lighttpd',
    config: (folder, port, scratch) => `
      server.document-root = "${folder}"
      server.bind = "127.0.0.1"
      server.port = ${port}
      server.stat-cache-engine = "disable"
      server.errorlog = "${scratch}/error"
      mimetype.assign = ( "" => "application/octet-stream" )`,
    args: (config) => ['-D', '-f', config],
  },
  {
    name: 'Caddy',
    binary: 'caddy',
    config: (folder, port) => `
      { admin off
        auto_https off }
      http://127.0.0.1:${port} {
        root * ${folder}
        encode gzip
        file_server
      }`,
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  },
];

/** Every server there is a test for, ours among them. */
export const WEB_SERVERS: readonly WebServer[] = [
  {
    name: 'headwater serve',
    here: true,
    start: async (folder) => (await serve(folder)).url,
  },
  ...PROGRAMS.map((program) => ({
    name: program.name,
    here: whereIs(program.binary) !== null,
    start: (folder: string) => startProgram(program, folder),
  })),
];

function whereIs(binary: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  const found = folders.map((folder) => path.join(folder, binary)).find((file) => fs.existsSync(file));
  return found ?? null;
}

async function startProgram(program: Program, folder: string): Promise<string> {
  const port = await freePort();
  const scratch = tempFolder();
  // Servers that give up being root must reach what they serve.
  spawnSync('chmod', ['-R', 'a+rX', scratch, folder]);
  const config = path.join(scratch, 'config');
  fs.writeFileSync(config, `${program.config(folder, port, scratch)}\n`);
  const env = { ...process.env, XDG_CONFIG_HOME: scratch, XDG_DATA_HOME: scratch };
  const child = spawn(whereIs(program.binary) ?? '', program.args(config, scratch), { env, stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${program.name} ended: ${said}`);
    if (await answers(port)) return `http://127.0.0.1:${port}/`;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${program.name} does not answer: ${said}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
