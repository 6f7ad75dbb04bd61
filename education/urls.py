from django.urls import path

from education.views import coordinators

app_name = "education"

_page = "regio/coordinatoren/"
_asked = _page + "uitnodiging/<int:invitation_id>/"

urlpatterns = [
    path(_page, coordinators.coordinators, name="coordinators"),
    path(_asked + "opnieuw/", coordinators.send_again, name="send_again"),
    path(_asked + "trek-in/", coordinators.withdraw, name="withdraw"),
    path("uitnodiging/school/<str:token>/", coordinators.invitation, name="invitation"),
]
