//! nats-server behind its WebSocket listener: what live delivery is compared with.
//!
//! Speaks as much of the NATS client protocol as publishing and subscribing take
//! (<https://docs.nats.io/reference/reference-protocols/nats-protocol>).

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// A nats-server of our own, ended with this value.
pub struct NatsServer {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl NatsServer {
    /// Starts `program` on free ports of this machine.
    pub async fn start(program: &Path) -> Result<Self> {
        let free = || -> Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
        let (port, clients) = (free()?, free()?);
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("nats.conf");
        std::fs::write(
            &config,
            format!("listen: 127.0.0.1:{clients}\nwebsocket {{ host: 127.0.0.1, port: {port}, no_tls: true }}\n"),
        )?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let server = Self { child, address: format!("127.0.0.1:{port}"), _folder: folder };
        for _ in 0..100 {
            if TcpStream::connect(&server.address).await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("nats-server does not answer");
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A new connection, after the greeting.
    pub async fn connect(&self) -> Result<Nats> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
        let url = format!("ws://{}/", self.address);
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
        let mut nats = Nats { socket, buffer: Vec::new() };
        nats.send("CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\nPING\r\n".into()).await?;
        while !nats.line().await?.context("closed during the greeting")?.starts_with("PONG") {}
        Ok(nats)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection.
pub struct Nats {
    socket: WebSocketStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Nats {
    /// Asks for all messages of the one subject there is.
    pub async fn subscribe(&mut self) -> Result<()> {
        self.send("SUB forum 1\r\n".into()).await
    }

    /// Publishes and waits until the server has taken it.
    pub async fn publish(&mut self, text: &str) -> Result<()> {
        self.send(format!("PUB forum {}\r\n{text}\r\nPING\r\n", text.len())).await?;
        while !self.line().await?.context("closed")?.starts_with("PONG") {}
        Ok(())
    }

    /// The next message. `None`: the server has closed.
    pub async fn next(&mut self) -> Result<Option<String>> {
        loop {
            let Some(line) = self.line().await? else { return Ok(None) };
            if line.starts_with("PING") {
                self.send("PONG\r\n".into()).await?;
            } else if line.starts_with("MSG ") {
                let size: usize = line.rsplit(' ').next().unwrap_or_default().parse().context("size of a message")?;
                while self.buffer.len() < size + 2 {
                    if !self.fill().await? {
                        return Ok(None);
                    }
                }
                let text = String::from_utf8_lossy(&self.buffer[..size]).into_owned();
                self.buffer.drain(..size + 2);
                return Ok(Some(text));
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::binary(text.into_bytes())).await?)
    }

    async fn line(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.drain(..end + 2);
                return Ok(Some(line));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn fill(&mut self) -> Result<bool> {
        match self.socket.next().await {
            Some(message) => {
                self.buffer.extend_from_slice(&message?.into_data());
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
