//! Bare requests of hyper on one connection, without TLS, signature and JSON, to be measured in turn with
//! calls of KMS: it answers each line of its standard input, a count, with the nanoseconds that so many
//! requests took, one after another. Its argument is an address, `host:port`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, Write};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// As many bytes as a request for a data key has.
const BODY: &[u8] = &[b' '; 180];

type Connection = SendRequest<Full<Bytes>>;

fn main() {
    let address = std::env::args().nth(1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut connection = runtime.block_on(connect(&address));
    for line in std::io::stdin().lock().lines() {
        let count: usize = line.unwrap().parse().unwrap();
        let started = Instant::now();
        runtime.block_on(async {
            for _ in 0..count {
                request(&mut connection, &address).await;
            }
        });
        println!("{}", started.elapsed().as_nanos());
        std::io::stdout().flush().unwrap();
    }
}

async fn connect(address: &str) -> Connection {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (connection, served) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(served);
    connection
}

async fn request(connection: &mut Connection, address: &str) {
    connection.ready().await.unwrap();
    let request = Request::post("/")
        .header("host", address)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "TrentService.GenerateDataKey")
        .body(Full::new(Bytes::from_static(BODY)))
        .unwrap();
    let answer = connection.send_request(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
}
