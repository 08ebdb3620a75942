//! One WebSocket.

use futures_util::{SinkExt, StreamExt};
use stimmwerk_core::live::{ClientFrame, Hello, LiveTypes, Problem, ServerFrame};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

use crate::{Client, Error, Identity};

/// How a socket is opened.
#[derive(Clone, Debug, Default)]
pub struct LiveOptions {
    /// The kernel's receive buffer, in bytes; small ones make a reader that stops reading felt soon.
    pub receive_buffer: Option<u32>,
    /// Another Origin than the server's own; `Some(None)` sends none.
    pub origin: Option<Option<String>>,
    /// The token of a projector's link.
    pub screen: Option<String>,
}

/// An open socket, after the server's greeting.
#[derive(Debug)]
pub struct LiveSocket {
    socket: WebSocketStream<TcpStream>,
    hello: Hello,
}

impl LiveSocket {
    /// Opens a socket as the client's identity.
    pub async fn connect(client: &Client) -> Result<Self, Error> {
        Self::connect_with(client, &LiveOptions::default()).await
    }

    /// Opens a socket in a particular way.
    pub async fn connect_with(client: &Client, options: &LiveOptions) -> Result<Self, Error> {
        let host = client
            .server()
            .strip_prefix("http://")
            .ok_or_else(|| Error::Contract(format!("{} is not plain HTTP", client.server())))?;
        let mut address = format!("ws://{host}/api/v1/live");
        if let Some(token) = &options.screen {
            address.push_str("?screen=");
            address.push_str(token);
        }
        let mut request = address.into_client_request().map_err(Error::transport)?;
        let headers = request.headers_mut();
        let value = |text: &str| HeaderValue::from_str(text).map_err(Error::transport);
        match client.identity() {
            Identity::Nobody => {}
            Identity::Session(cookie) => _ = headers.insert(header::COOKIE, value(cookie)?),
            Identity::Bearer(token) => _ = headers.insert(header::AUTHORIZATION, value(&format!("Bearer {token}"))?),
        }
        let own = Some(client.server().to_owned());
        if let Some(origin) = options.origin.as_ref().unwrap_or(&own) {
            headers.insert(header::ORIGIN, value(origin)?);
        }
        let stream = dial(host, options).await?;
        // Small buffers: the load tool holds thousands of these.
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
        let (socket, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.map_err(refused)?;
        let mut live = Self { socket, hello: Hello { build: String::new(), protocol: 0, now: Default::default() } };
        match live.next::<stimmwerk_core::forum::Forum>().await? {
            Some(ServerFrame::Hello(hello)) => live.hello = hello,
            other => return Err(Error::Contract(format!("a greeting was due, not {other:?}"))),
        }
        Ok(live)
    }

    /// The server's greeting.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// Never: frames are plain data.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Error> {
        self.send_text(serde_json::to_string(frame).expect("frames are plain data")).await
    }

    /// Sends whatever text.
    pub async fn send_text(&mut self, text: String) -> Result<(), Error> {
        self.socket.send(Message::text(text)).await.map_err(Error::transport)
    }

    /// The next text. `None`: the server has closed. May be dropped while it waits; nothing is lost then.
    pub async fn next_text(&mut self) -> Result<Option<Utf8Bytes>, Error> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Some(text)),
                // Answered by the library while the next message is awaited.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(other)) => return Err(Error::Contract(format!("{} bytes that are no text", other.len()))),
                Some(Err(error)) => return Err(Error::transport(error)),
            }
        }
    }

    /// The next frame that this build knows, of a subscription of kind `L`. `None`: the server has closed.
    pub async fn next<L: LiveTypes>(&mut self) -> Result<Option<ServerFrame<L>>, Error> {
        while let Some(text) = self.next_text().await? {
            match ServerFrame::parse(&text) {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) => {}
                Err(error) => return Err(Error::Contract(format!("a frame of {} bytes: {error}", text.len()))),
            }
        }
        Ok(None)
    }

    /// Says goodbye. Dropping the socket instead cuts the line.
    pub async fn close(mut self) {
        // Whoever has gone already needs no goodbye.
        _ = self.socket.close(None).await;
    }
}

async fn dial(host: &str, options: &LiveOptions) -> Result<TcpStream, Error> {
    let stream = match options.receive_buffer {
        None => TcpStream::connect(host).await,
        Some(size) => {
            let address = tokio::net::lookup_host(host).await.map_err(Error::transport)?.next();
            let address = address.ok_or_else(|| Error::Contract(format!("{host} has no address")))?;
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let socket = socket.map_err(Error::transport)?;
            // Before connecting, since the window is agreed on then.
            socket.set_recv_buffer_size(size).map_err(Error::transport)?;
            socket.connect(address).await
        }
    };
    let stream = stream.map_err(Error::transport)?;
    stream.set_nodelay(true).map_err(Error::transport)?;
    Ok(stream)
}

/// A handshake that was answered by a problem instead.
fn refused(error: WsError) -> Error {
    let WsError::Http(response) = error else { return Error::transport(error) };
    let problem = response.body().as_deref().and_then(|body| serde_json::from_slice::<Problem>(body).ok());
    match problem {
        Some(problem) => Error::Problem(Box::new(problem)),
        None => Error::Contract(format!("the handshake was answered {} without a problem", response.status())),
    }
}
