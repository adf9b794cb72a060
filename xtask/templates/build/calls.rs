use std::hint::black_box;

use tc3_api::Action;

fn call<A: Action>() {
    if let Some(request) = black_box(None::<A>) {
        black_box(request.encode().is_ok());
    }
    black_box(A::decode(black_box(b"{}")).is_ok());
}

