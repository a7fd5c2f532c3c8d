//! Serves the API with the desk in memory, for tools that test a server from outside (schemathesis): the address is in
//! `STOCKADE_API_LISTEN`, keys are `admin` and `read`. It ends when it is killed.

use crate::Api;

#[test]
#[ignore = "a server, for tools"]
fn serve() {
    let Ok(address) = std::env::var("STOCKADE_API_LISTEN") else { return };
    let api = Api::new();
    api.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        axum::serve(listener, api.router.clone()).await.unwrap();
    });
}
