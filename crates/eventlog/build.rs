//! New migration files must make the crate compile anew: `sqlx::migrate!` reads the folder, not a list.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/sqlite");
}
