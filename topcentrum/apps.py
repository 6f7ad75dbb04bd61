from django.apps import AppConfig


class TopcentrumConfig(AppConfig):
    name = "topcentrum"
