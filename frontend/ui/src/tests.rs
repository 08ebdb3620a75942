mod languages;
mod poll;
mod render;
mod screen;
mod staff;
