//! Links without a C runtime, because the program has no `main`.

fn main() {
    println!("cargo:rustc-link-arg-bins=-nostartfiles");
}
