//! A page below a path of another.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::get;

/// Adds the routes of a page below a path of one segment, such as `/explorer`. The page is at `/explorer/`, because its URLs are
/// relative: a request without the slash is redirected.
pub fn mount(router: Router, path: &'static str, page: Router) -> Router {
    let name = path.trim_matches('/');
    // Relative, because a reverse proxy may serve the router below another path.
    let redirect =
        move || async move { (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, format!("{name}/"))]) };
    router.route(&format!("/{name}"), get(redirect)).nest(&format!("/{name}/"), page)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Path;
    use axum::http::Request;
    use axum::http::header::{AUTHORIZATION, HOST};
    use http_body_util::BodyExt as _;
    use tower_service::Service as _;

    use super::*;
    use crate::{Guard, Hints, Token};

    #[tokio::test]
    async fn a_page_is_below_a_path_of_another() {
        let page = |name: &'static str| {
            Router::new()
                .route("/", get(move || async move { name }))
                .route("/api/{item}", get(|Path(item): Path<String>| async { item }))
        };
        let routes = mount(page("outer"), "/inner", page("inner"));
        let token = "0123456789abcdef";
        let hints = Hints { open: "", host: "" };
        let guard = Guard::new(80, Token::new(token).unwrap(), hints);
        let mut routes = guard.with_api("/api", |_| 0).with_api("/inner/api", |_| 0).wrap(routes);
        let mut get = async |method: &str, path: &str, token: &str| {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, "localhost")
                .header(AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::empty())
                .unwrap();
            let response = routes.call(request).await.unwrap();
            let location = response.headers().get(LOCATION).cloned();
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            (status, location.map_or(body, |location| location.to_str().unwrap().to_owned()))
        };
        for (path, status, text) in [
            ("/", 200, "outer"),
            ("/inner", 307, "inner/"),
            ("/inner/", 200, "inner"),
            ("/api/a", 200, "a"),
            ("/inner/api/a%20b", 200, "a b"),
        ] {
            assert_eq!(get("GET", path, token).await, (status, text.to_owned()), "{path}");
        }
        for (method, path, status, code) in [
            ("GET", "/none", 404, "not_found"),
            ("GET", "/inner/none", 404, "not_found"),
            ("GET", "/inner//api/a", 404, "not_found"),
            ("PUT", "/inner/api/a", 405, "method_not_allowed"),
        ] {
            let (found, body) = get(method, path, token).await;
            assert!(found == status && body.contains(code), "{method} {path} {found} {body}");
        }
        assert_eq!(get("GET", "/inner/api/a", "other").await.0, 401);
        assert_eq!(get("GET", "/inner/api/none/none", "other").await.0, 401);
    }
}
