use super::*;
use crate::testing::assert_commands;

#[test]
fn given_the_commands_then_each_has_a_need() {
    assert_commands::<Poll>();
}
