/**
 * The configuration of nginx: one worker, no log, all its files in one folder. Pure.
 *
 * @module
 */

/**
 * Makes it.
 *
 * @param port Where it listens on 127.0.0.1.
 * @param folder Where it keeps what it must, and whose folder `www` it serves.
 */
export function nginxConfig(port: string, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder};`);
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 12000; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  types { text/plain txt; application/octet-stream bin; }
  ${temporary.join("\n  ")}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/www;
    location = /status/200 {
      default_type "text/plain; charset=utf-8";
      return 200 "200 OK\\n";
    }
  }
}
`;
}
