"""Tests that a stand-in and the thing it stands for have to pass alike."""
