//! Login, logout, and who somebody is.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration as CookieAge},
    http::header,
    web,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    gate::{Caller, Doing, SESSION_COOKIE},
    relay::Relay,
};
use crate::{
    agencies::AgencyName,
    audit::{Event, Kind},
    client_network::ClientAddress,
    identity::{Callback, LOGIN_WITHIN, LoginFailed},
    problem::Problem,
    reference::Reference,
};

/// Comes back from the provider by another site's redirect, and so cannot be strict.
const LOGIN_COOKIE: &str = "__Host-naru-login";

/// Who is logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// As the person is called.
    name: Option<String>,
    /// By which provider they are: its id in `/v1/settings`.
    provider: String,
    /// Whose rules hold; `null` where there are none.
    agency: Option<AgencyName>,
    /// Whether the audit may be looked into.
    is_admin: bool,
}

/// Sends a browser to a provider.
#[utoipa::path(get, path = "/login/{provider}", responses(
    (status = 303, description = "To the provider, or to the page with what went wrong"),
    (status = 404, description = "not_found"),
    (status = 429, description = "too_many_joins"),
))]
pub(super) async fn depart(
    relay: web::Data<Relay>,
    path: web::Path<String>,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let identity = relay.identity()?;
    relay.limits.join(client.network(), None)?;
    match identity.depart(&path).await {
        Ok(None) => Err(Problem::NotFound),
        Ok(Some((url, cookie))) => {
            let mut cookie = host_cookie(LOGIN_COOKIE, cookie);
            cookie.set_same_site(SameSite::Lax);
            cookie.set_max_age(CookieAge::seconds(LOGIN_WITHIN.as_secs() as i64));
            Ok(see_other(&url).cookie(cookie).finish())
        }
        Err(failed) => Ok(tell(&relay, client, &failed).finish()),
    }
}

/// Takes a browser back from a provider.
#[utoipa::path(get, path = "/login/callback", responses(
    (status = 303, description = "To the page, logged in or with what went wrong"),
    (status = 404, description = "not_found: nobody logs in here"),
    (status = 503, description = "store_unavailable"),
))]
pub(super) async fn arrive(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let identity = relay.identity()?;
    let callback = web::Query::<Callback>::from_query(request.query_string());
    let callback = callback.map(web::Query::into_inner).unwrap_or_default();
    let cookie = request.cookie(LOGIN_COOKIE);
    let arrived = identity
        .arrive(callback, cookie.as_ref().map(Cookie::value))
        .await;
    let (session, person) = match arrived {
        Ok(arrived) => arrived,
        Err(failed) => return Ok(tell(&relay, client, &failed).finish()),
    };
    // A session that this browser had before is not the new one's.
    if let Some(old) = request.cookie(SESSION_COOKIE)
        && let Ok(old) = identity.by_cookie(old.value()).await
    {
        identity.log_out(&old).await?;
    }
    let caller = Caller {
        person,
        device: None,
    };
    relay
        .audit
        .record(relay.event(Kind::Login, client, Some(&caller)));
    Ok(see_other("/")
        .cookie(host_cookie(SESSION_COOKIE, session))
        .cookie(forgotten(LOGIN_COOKIE))
        .finish())
}

/// Ends the session, or the use of the token.
#[utoipa::path(post, path = "/logout", responses(
    (status = 204, description = "Logged out, on all relays"),
    (status = 401, description = "login_required"),
    (status = 403, description = "cross_site or a refused device"),
    (status = 404, description = "not_found: nobody logs in here"),
    (status = 503, description = "store_unavailable or provider_unavailable"),
))]
pub(super) async fn log_out(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let identity = relay.identity()?;
    let caller = relay.caller(&request, client, Doing::GoesOn).await?;
    let caller = caller.ok_or(Problem::NotFound)?;
    identity.log_out(&caller.person).await?;
    relay
        .audit
        .record(relay.event(Kind::Logout, client, Some(&caller)));
    Ok(HttpResponse::NoContent()
        .cookie(forgotten(SESSION_COOKIE))
        .finish())
}

/// Who is logged in.
#[utoipa::path(get, path = "/v1/me", responses(
    (status = 200, description = "Who it is", body = Me),
    (status = 401, description = "login_required, or a refused token"),
    (status = 403, description = "not_allowed or a refused device"),
    (status = 404, description = "not_found: nobody logs in here"),
    (status = 503, description = "store_unavailable or provider_unavailable"),
))]
pub(super) async fn me(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    relay.identity()?;
    let caller = relay.caller(&request, client, Doing::GoesOn).await?;
    let agency = relay.agency(client, caller.as_deref())?;
    let person = caller.ok_or(Problem::NotFound)?.person;
    Ok(HttpResponse::Ok().json(Me {
        name: person.name,
        provider: person.provider,
        agency: agency.map(|agency| agency.public_name()),
        is_admin: person.is_admin,
    }))
}

fn host_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .finish()
}

fn forgotten(name: &'static str) -> Cookie<'static> {
    let mut cookie = host_cookie(name, String::new());
    cookie.set_max_age(CookieAge::ZERO);
    cookie
}

fn see_other(to: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, to));
    response
}

/// Tells the page what went wrong, in the part of the address that no server sees.
fn tell(
    relay: &Relay,
    client: ClientAddress,
    failed: &LoginFailed,
) -> actix_web::HttpResponseBuilder {
    let reference = Reference::draw();
    if relay.limits.failure(client.network()).is_ok() {
        relay.audit.record(Event {
            failure: Some(failed.code().to_owned()),
            ..relay.event(Kind::Failure, client, None).about(reference)
        });
    }
    let mut response = see_other(&format!("/#login={}&reference={reference}", failed.code()));
    response.cookie(forgotten(LOGIN_COOKIE));
    response
}
