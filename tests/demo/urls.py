"""The portal's addresses in demo mode: what `topcentrum.urls` is when the demo is on."""

from django.urls import include, path

from topcentrum.urls import urlpatterns as usual

urlpatterns = [*usual, path("demo/", include("topcentrum.demo.urls"))]
