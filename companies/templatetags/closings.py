"""The reasons of closed offers in templates."""

from django import template

from companies import reasons

register = template.Library()
register.filter("closing_words", reasons.closing_words)
