from django.urls import path

from topcentrum.demo import views

app_name = "demo"

urlpatterns = [
    path("", views.door, name="door"),
    path("post/", views.post, name="post"),
    path("post/<str:key>/", views.letter, name="letter"),
    path("post/<str:key>/opgemaakt/", views.formatted, name="formatted"),
]
