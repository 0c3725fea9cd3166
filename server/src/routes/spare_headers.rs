//! Room for headers, which a request that waits no longer needs: with it, a client that waits would take a quarter more
//! memory.

use std::{cell::RefCell, mem};

use actix_web::{dev::ServiceRequest, http::header::HeaderMap};

/// As many as are worth keeping for requests to come.
const MOST: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<HeaderMap>> = const { RefCell::new(Vec::new()) };
}

/// Forgets a request's headers, and keeps their room.
pub(super) fn take_from(request: &mut ServiceRequest) {
    let mut headers = mem::replace(request.headers_mut(), HeaderMap::new());
    headers.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < MOST {
            spare.push(headers);
        }
    });
}

/// Gives a request room again, which is the server's for another one then.
pub(super) fn give_to(request: &mut ServiceRequest) {
    if let Some(room) = SPARE.with_borrow_mut(Vec::pop) {
        *request.headers_mut() = room;
    }
}
